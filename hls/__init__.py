"""HLS C++ kernels, one header per op, as package data."""
