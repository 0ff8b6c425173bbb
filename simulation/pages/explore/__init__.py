"""The page for teaching: a sweep as one HTML file with sliders.

`sliders` says what can be moved, `design` which states are computed, `content` what a store says of them, `page` puts it
into the files under page/.
"""
