"""The Web API, one family of methods a file; each file offers METHODS."""
