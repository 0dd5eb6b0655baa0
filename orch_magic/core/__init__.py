"""The core: values in, values out. It touches no file, process, clock or screen."""
