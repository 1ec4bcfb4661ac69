"""The mixture-of-experts model, its training core and RLPAF."""
