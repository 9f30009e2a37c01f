"""Photos of every part of the system: made small and freed of what a camera writes into them, kept under DATA/media,
shown to whoever may see that kind of photo, each look logged. Nothing here knows what a photo is of: whoever needs
photos names them by the hash of the file that was sent (`Photo.sent`)."""
