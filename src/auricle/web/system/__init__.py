"""What state the parts are in."""
