"""The core, to be read in one sitting.

Reading order: :mod:`value`, :mod:`op`, :mod:`arithmetic`, :mod:`gradient`, :mod:`module`.
"""
