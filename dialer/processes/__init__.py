"""What keeps our processes alive and ends them: children, supervision, signs of life, the data folder."""
