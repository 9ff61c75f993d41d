"""What a model file is and says, read and checked before any runtime sees it."""
