"""One search box over people, households and requests; their pages; lookalikes and merging. No models of its own."""
