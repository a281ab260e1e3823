"""The core, to be read in one sitting.

Reading order: :mod:`errors`, :mod:`value`, :mod:`domain`, :mod:`op`, :mod:`elementary`,
:mod:`arithmetic`, :mod:`gradient`, :mod:`module`, :mod:`random`.
"""
