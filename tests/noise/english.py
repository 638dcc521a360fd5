"""Songs in English that are easily taken for noise. Lines that begin with ``=`` are titles."""

# What each is about: "embed" as a word, also last; tickets; the words of the recommendation line; titles of things
# that are no songs; ad-libs; dialect; numbers; a shared chorus; refrains sung twice; title case; x; credits, labels,
# pages, contributors, signs, clock times and stars in the sentence.
ENGLISH = """
= Amber
Tell the jeweller, tell the bee,
There's a summer caught in me,
What the river couldn't drown
Let the resin settle down.

Embed the seed, embed the wing,
Embed a little of the spring,
And when I'm old and hard to move,
Embed me in amber.

= What the River Beds Embed
Stones that the winter let fall in a row,
Pennies and promises, buckles and thread,
Nobody asks where the little things go,
Nobody digs what the river beds embed.

Stand on the bridge and the water is brown,
Count to a hundred and look for your shoe,
All that you wished for is halfway to town,
All that you threw is still looking at you,
That is the thing that the river beds embed

= Tickets for the Last Boat
Get your tickets, get your tickets, get them while they're dry,
Get tickets as low as a penny, said the man with the paper eye,
See the harbour live and breathing, see the captain comb his hair,
Get your tickets, get your tickets, and you'll wish you weren't there.

I had a ticket, I had two,
I tore one down the line for you,
See Amos live on the lower deck,
A live eel hanging round his neck.

= The Way the Kettle Sings
If you like the way the rain comes in,
You might also like the way the kettle sings,
If you like a biscuit from the tin,
You might also like what the postman brings.

And you might also like me, my dear,
You might also like it a little bit here,
There's a chair by the stove and there's bread on the sill,
And you might also like how the evening stands still.

= Unreleased
They kept me in a drawer at the back of the room,
Unreleased, unreleased,
With a pencilled-on title, the ninth of June,
Unreleased, at least.

Lyrics for this song have yet to be sung,
I carry them under the tip of my tongue,
Check back in the morning, check back in the spring,
When somebody's opened the drawer, I'll sing.

= Interview
Sit down, said the man, and he opened his book,
When did you start and how long have you took,
I said, I was eight and the stool was too high,
He wrote down a nine and he looked at the sky.

Q is for questions and A is for ale,
Ask me another, I'll tell you a tale,
What were you thinking and who was the girl,
I said, it was Tuesday, her hair had a curl.

= Credits
When the lights come on and the credits roll
And the sweeper sweeps round your knees,
I read every name like a roll of the dead,
The grips and the greens and the trees.

Written by the light of a borrowed lamp,
Produced by a hen and a rooster,
Music by wind in a loose tin roof,
And nothing is as it used to.

= Instrumental in My Undoing
You were instrumental in my undoing, dear,
You were the drum and the tambourine,
You were the solo that nobody could hear,
You were the rest in between.

No words, you said, no words tonight,
So I hummed you the whole of it through,
And all of the lyrics I never did write
Were instrumental, like you.

= The Demo Tape
We made a demo tape in a cowshed in May,
Take two, take three, take the cow away,
We mixed it and remixed it and mixed it again,
And live from the cowshed it started to rain.

Remaster the master, the master is late,
He's asleep in the straw with his hat on a plate,
We recorded him snoring, it's still the best bit,
The rest of the record has hay stuck to it.

= Hollering Home
Come on home (come on home)
Come on home (hey, hey)
There's a light on the stair (oh, oh, oh)
And a dinner on a tray

(Ooh, ooh, come on home)
(Ooh, ooh, ooh)
I was only out for butter (for butter!)
And I'm comin' back to you (you, you, you)

= 'Twas O'er by Noon
'Twas o'er by noon an' the tide goin' out,
Th' auld men were runnin' and flappin' about,
'Tis nowt, said me mither, 'tis nobbut a breeze,
An' she stood i' the doorway wi' flour on her knees.

Ne'er mind it, ne'er mind it, we'll start it again,
Wi' a hammer an' nails an' a barrel o' rain,
Rock 'n' roll it doon tae the edge o' the quay,
Y'all'd've done different? Well, that's you, an' it's me.

= Counting the Sheep to Thring
1, 2, 3, 4,
One at the window and one at the door,
5, 6, 7, 8,
The others are waiting outside of the gate.

9 and 10,
We start it again,
10, 9, 8, 7,
There's 211 already in heaven,
1, 2, 3,
And the last one is me,
Zero.

= Hill Road, Morning
I went up the hill with a basket of eggs,
I came down the hill on my hands and my legs.

Roll, roll, roll it home,
Roll it home in the morning,
What you can't carry you'll have to let roam,
Roll it home in the morning.

The eggs were in front and the basket behind,
And I was the thing that was hardest to find.

= Hill Road, Evening
The widow came up with a barrow of peat,
The barrow had plans and the plans had no feet.

Roll, roll, roll it home,
Roll it home in the morning,
What you can't carry you'll have to let roam,
Roll it home in the morning.

She sat at the top and she watched it descend,
And she bowed to the barrow, and that was the end.

= Haul It Again
Thirty-two fathoms and nothing below,
Thirty-two fathoms and no one to know.

Haul it again, lads, haul it again,
Haul it again in the teeth of the rain.

Up came a kettle and up came a crow,
Up came the mate with his trousers in tow.

Haul it again, lads, haul it again,
Haul it again in the teeth of the rain.

Haul it again, lads, haul it again,
Haul it again in the teeth of the rain.

= Row Upon Row
Row upon row of the beans in the rain,
Row upon row of the beans in the rain,
Row upon row of the beans in the rain,
And nobody eats them again.

Pull, pull, the weeds have won,
Pull, pull, the weeds have won,
I had seven fingers of green in the sun,
And now I've a thumb, and it's none.

= Pages From a Window
The Lamp on the Landing Is Older Than Me
The Lamp on the Landing Is Blue
The Moth at the Window Has Somewhere to Be
The Moth at the Window Is You

Paper and Candle
Kettle and Cup
Nobody Living
Ever Gave Up

= X
I signed it with an x because I couldn't spell my name,
x marks the spot, x marks the pot, the x that never came,
Solve for x, said the schoolmistress, and x was out at play,
I put an x beside your door and someone washed it away.

Love, and x, and x again,
Three in a row at the end of the pen,
And x times two is more than I can say,
So I kissed the page, xxx, and I gave the pen away x

= Chorus of Gulls
Chorus of gulls at the end of the quay,
First verse the same as the second, says she,
Bridge over nothing and under the moon,
Hook in the herring and herring in June.

Refrain from the whistling, refrain from the stair,
The outro's a door and there's nobody there,
Repeat after me what the old women said,
The verse is for butter, the chorus for bread.

= Twelve Contributors
Twelve contributors and one of them late
Put a bob in the hat and a bun on the plate,
Read more of the list and you'll find there's your own,
Page 12 of the hymnal, on top of the stone.

Share it and copy it, pin to the wall,
Translations in whistling for dogs in the hall,
Source of the money, the vicar's left shoe,
Copyright nobody, licensed by you.

= The Parcel Marked R&B
You & me & a parcel marked R&B,
With a <3 in the corner for nobody but me,
3 < 4, said the postman, and 5 > 2,
And he charged me for being in love with you.

Well, d*** the weather and d*** the rain,
I'd carry the #1 parcel to the train,
At 3:16 it was ticking, at 4:05 it was not,
And 50% of nothing is what we've got.

= 10:45 and All That
10:45, and the boat isn't in,
11:15, and it's starting to spin,
12:00 noon on the face of the hall,
And 12:01 and no boat at all.

Well - so what - said the man at the pump -
There's tea... there's a bun... there's a hole and a stump...
Half past - quarter to - nothing to do -
...and he looked at the clock, and the clock looked at you.

= La La Something
La la la, la la la,
La la la, la la la,
Something, something, la la la,
I forgot the rest.

La la la, la la la,
La la la, la la la,
Something, nothing, la la la,
Forgetting suits me best.

= Emoji on the Gate
You sent me a gate and a heart and a hen,
You sent me a family: \U0001f468\u200d\U0001f469\u200d\U0001f467
I looked at it ten times and looked at it again,
\u2764\ufe0f for the gate, \U0001f525 for me.

And rainbow \U0001f3f3\ufe0f\u200d\U0001f308 on the end of the line,
And a thumb \U0001f44d\U0001f3fd that was nothing like mine,
I wrote you a letter, I wrote it in ink,
And you sent me a whale and a pint of pink drink.
"""
