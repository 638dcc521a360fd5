"""What a writer's style is in figures: rhyme, lines, stanzas, words. Text only."""
