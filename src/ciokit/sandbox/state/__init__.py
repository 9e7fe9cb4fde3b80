"""What an account holds, and the rules by which it changes; knows no HTTP."""
