"""Fixes as code, in the words of each server and package. Pure."""
