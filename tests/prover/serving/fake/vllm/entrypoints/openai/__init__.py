"""Where vLLM has its server for the completions API."""
