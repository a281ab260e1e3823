"""The bundled plugins, found through entry points exactly like anyone else's."""
