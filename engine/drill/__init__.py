"""Random sessions with faults and kills; at the end the books must equal the exchange's."""
