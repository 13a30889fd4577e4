"""
Charts for messages: a small PNG of the series behind an alert, drawn with numpy alone.

``chart.py`` lays out and draws; ``canvas.py`` puts lines and letters on pixels, ``lettering.py``
holds the letters, ``png.py`` writes the file. ``painter.py`` asks for the series of a notification
and hands them to the chart. It is not a plotting library: one chart, one look. Read ``chart.py``
first.
"""
