"""The live board for desk, tablet and wall screen: reads only."""
