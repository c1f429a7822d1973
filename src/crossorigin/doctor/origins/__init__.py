"""The command `crossorigin origins`, which edits and inspects a store of live origins."""
