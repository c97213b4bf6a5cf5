"""How Redis is reached: its address, connections, batches of commands, and a private server for one machine."""
