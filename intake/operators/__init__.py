"""Who works at a tablet: staff badges, PINs, signing in with both. Which tablet: dvc.devices. It stands above
volunteers because a badge is signed with the same keys as their cards."""
