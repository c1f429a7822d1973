"""The requests of a check: over the network, in process, and those that a diagnosis needs besides the page's."""
