"""What is logged and measured of decisions. Nothing here decides, and nothing here can make a request fail."""
