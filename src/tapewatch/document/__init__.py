"""
YAML text to frozen, checked values, with every fault placed at its line.

Configuration, scrape settings, routing trees and catalogs are all declared in YAML. Each is a
tree of frozen dataclasses; this part reads a file into one, says everything that is wrong at once
(file, line, path, what would be right), prints one back without its secrets, and publishes its
JSON Schema. It knows nothing of what the values mean. Read ``reading.py`` first.
"""
