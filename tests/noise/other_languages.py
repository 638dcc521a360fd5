"""Songs in other languages, of which no letter is dirt. Lines that begin with ``=`` are titles."""

# Persian keeps its zero-width non-joiners, which part the prefix from the verb.
OTHER_LANGUAGES = """
= Чай на две чашки
Я поставил чай на две чашки,
За окном пошёл мокрый снег,
Ты ушла в моей рубашке,
И в прихожей выключен свет.

Ой, мороз да ой, метелица,
Где тебя теперь искать,
А во дворе ещё вертится
Наша старая кровать.

= Δύο βάρκες
Δύο βάρκες στο λιμάνι
και καμιά δεν ταξιδεύει,
η μια κοιτάζει τον φάρο
κι η άλλη κάτι γυρεύει.

Έλα, θάλασσα, και πες μου
πού κοιμούνται τα νερά,
έχω ένα ψωμί στην τσέπη
κι έναν γλάρο για χαρά.

= قارب من ورق
صنعت قاربا من ورق
وتركته عند الباب
جاءت الريح في الصباح
وأخذت معها الكتاب

يا جارتي يا جارة البحر
هل مر قاربي الصغير
كان فيه قلبي وحبري
وحبة من الشعير

= סירה של נייר
עשיתי סירה של נייר
ושמתי אותה במים
היא שטה לאט אל העיר
וחזרה אליי בינתיים

ים ים מה אתה אומר
הלילה ארוך כמו חוט
אני על החוף עוד שומר
על ספל אחד של תות

= 二つの椅子
庭に椅子が二つある
一つは風のためにある
朝になれば鳥が来て
何も言わずに帰ってく

ねえ 窓をあけておいて
海の音が聞こえるから
ガラスの中のびんづめの夏
まだ少しだけ残ってる

= काग़ज़ की नाव
मैंने काग़ज़ की इक नाव बनाई
बारिश में धीरे से चलाई
नाव चली है दूर किनारे
उसने मेरी बात भुलाई

ओ री हवा तू धीरे बहना
घर का रस्ता उससे कहना
खिड़की पर इक दीप जला है
आज यहीं पर हमको रहना

= نامه‌ای به دریا
نامه‌ای می‌نویسم به دریا
که نمی‌داند خانه‌ام کجاست
قایق‌های کاغذی را
باد می‌برد بی‌کم و کاست

می‌روم تا کنار پنجره‌ها
چای می‌ریزم برای ماه
می‌خوانم آواز بچه‌ها
و نمی‌ترسم از نیمه‌ی راه

= ¿Dónde está mi sombrero?
¿Dónde está mi sombrero de ayer?
¡Ay, se lo llevó el temporal!
Lo vieron cruzando el andén,
saludando a la gente al pasar.

¡Que vuelva, que vuelva, señor!
¿Quién me guarda la lluvia si no?
Mañana le escribo al pañuelo,
que el niño también lo perdió.

= Le café d'en face
J'ai laissé mon cœur au café d'en face
Entre un sucre et un vieux journal,
Le garçon dit que le temps passe
Et qu'un cœur, ça ne paie pas mal.

Où êtes-vous, ma chère Hélène,
La pluie a déjà tout noyé,
J'ai bu l'été, j'ai bu la Seine,
Et c'est encore à moi de payer.

= Größer als der Mond
Mein Käse ist größer als der Mond,
Hat die Müllerin gestern erzählt,
Sie hat über dem Bäcker gewohnt
Und für später die Löcher gezählt.

Ach süßer, schöner, runder Schein,
Wer hätte das je gedacht,
Wir tragen den Käse nach Haus zu zwein
Und essen ihn über Nacht.

= Żółta łódka
Żółta łódka śpi na piasku,
nikt jej nie chce wziąć na rejs,
każe czekać aż do brzasku,
aż się zmieści cały bies.

Hej, żeglarze, cóż to będzie,
wiatr zgubiłem razem z mgłą,
wszędzie płynę, byłem wszędzie,
a ta łódka stoi wciąż.

= 纸船
我折了一只纸船
放在雨后的河边
它问我要去哪里
我说去昨天

月亮月亮你慢点走
桌上还有两杯酒
一杯给风一杯给你
谁也不许先开口

= Kâğıt Gemi
Bir kâğıt gemi yaptım dün gece,
Adını yazdım küçücük harfle,
Yağmur başladı, ben de güldüm,
Gitti gemi, kaldım kendimle.

Ağla deniz, söyle şimdi,
İçinde kaç yıldız var,
Çayım soğudu, ışığım söndü,
Yine de gönlüm bahar.
"""
