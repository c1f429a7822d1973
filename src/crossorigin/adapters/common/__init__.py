"""The parts that every adapter needs, whatever its protocol."""
