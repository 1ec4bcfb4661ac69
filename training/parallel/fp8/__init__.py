"""Matrix products in FP8, as DeepSeek-V3 trains (arXiv 2412.19437, section 3.3).

E4M3 throughout. Activations and their gradients have a scale for each row and 128 columns, weights one for
each block of 128 × 128, and sums are taken to FP32 every 128 terms. Embedding, head, routers, norms and the
core of attention are not touched.
"""
