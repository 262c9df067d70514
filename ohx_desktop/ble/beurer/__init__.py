"""What Beurer (and its Sanitas, Silvercrest and other twins) does its own way. Pure: no I/O."""
