"""The kind `conference`: everyone of a list is called and put into one conversation."""
