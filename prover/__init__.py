"""What a user calls: the command line, policies, and the drivers that prove and evaluate."""
