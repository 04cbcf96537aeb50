"""The sample service `parlour`: a few lines that serve, made to be asked while it is released."""
