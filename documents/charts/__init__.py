"""Charts drawn as shapes and labels in a plane of points, for the page and for the screen."""
