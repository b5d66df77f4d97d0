"""Media without any I/O: what a leg may agree to, the words of rtpengine's control protocol, RTP, and audio on a timeline."""
