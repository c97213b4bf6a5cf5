"""What the workers do: give tokens to due calls, place them, rescue what a dead worker left, renew the token."""
