r"""What the parts of a song are called in the world's languages, and by which kind of part. Data only."""

import re

# A chorus can be asked for again ("Repeat chorus"); of the others only the name matters.
_CHORUS = """
chorus, refrain, hook, burden, estribillo, coro, refrão, refrao, ritornello, refrein, refräng, refreng,
omkvæd, omkväd, kehrvers, kertosäe, refren, refrén, refrän, nakarat, reff, припев, приспів, приспев,
прыпеў, хук, хор, ρεφρέν, ρεφραίν, サビ, コーラス, 후렴, 후렴구, 훅, 副歌, 合唱, פזמון, اللازمة, لازمة,
हुक, viðlag, cytgan, curfá, рефрен, ενδιάμεσο ρεφρέν, ターンサビ, 落ちサビ, ラスサビ, ترجیع‌بند, همخوان,
मुखड़ा, स्थायी, điệp khúc, korus, припева, piedziedājums, priedainis
"""
_VERSE = """
verse, vers, verso, versos, stanza, strophe, couplet, estrofa, estrofe, strofa, strofe, zwrotka, sloka,
verze, säkeistö, bait, kıta, bölüm, куплет, вірш, строфа, στροφή, κουπλέ, aメロ, bメロ, ヴァース, バース,
절, 벌스, 主歌, בית, المقطع, مقطع, अंतरा, strof, vísa, pennill, véarsa, verzo, phiên khúc, кыта, posmas,
куплети, стих, كوبليه, بند, kupla, verš, versszak, strofă, couplets, säkeet, kitica, strophes
"""
_OTHER = """
intro, outro, bridge, prechorus, pre-chorus, pre chorus, postchorus, post-chorus, post
chorus, pre-hook,
post-hook, interlude, breakdown, instrumental, instrumental break, instrumental bridge, instrumental intro,
instrumental outro, solo, guitar solo, piano solo, sax solo, drum solo, spoken, spoken word, skit, coda,
tag, vamp, adlibs, ad-libs, ad libs, ad-lib, ad lib, beat switch, drop, part, segue, introducción,
introduccion, introdução, introduzione, introduction, einleitung, puente, ponte, pont, brücke, bridżd,
köprü, giriş, çıkış, pre-coro, pre-estribillo, pré-refrão, pré-refrain, pre-refrain, post-refrain,
pre-ritornello, finale, schluss, zwischenspiel, интро, аутро, бридж, вступление, проигрыш, кода,
предприпев, пред-припев, постприпев, переход, концовка, інтро, брідж, передприспів, εισαγωγή, γέφυρα,
イントロ, アウトロ, ブリッジ, 間奏, cメロ, 大サビ, プレコーラス, 인트로, 아웃트로, 브릿지, 프리코러스,
간주, 前奏, 间奏, 尾奏, 桥段, 导歌, פתיח, גשר, סיום, مقدمة, جسر, خاتمة, перехід, програш, вступ, кінцівка,
mostek, most, przejście, wstęp, zakończenie, mezihra, předehra, dohra, brygga, stick, mellanspel, bro,
mellomspill, mellomspel, mellemspil, mellemstykke, väliosa, silta, c-osa, átvezetés, híd, bevezető,
levezető, pod, brug, tussenspel, interludio, interlúdio, intermedio, intermezzo, speciale, zwischenteil,
vorspiel, nachspiel, pré-couplet, ara nağme, nakarat
öncesi, jembatan, pra-chorus, đoạn chuyển, الجسر,
المقدمة, الخاتمة, פתיחה, מעבר, 尾声, мост, увод, прелаз, prijelaz, uvod, pre-verse, instrumental solo,
guitar break, fade out, fade-out, spoken intro, spoken outro
"""
_ALSO_WORDS = """
solo, drop, part, tag, skit, spoken, burden, hook, finale, segue, bait, coda, instrumental, most, bro, pod,
stick, silta, híd, brug, stih, стих, мост, вступ, fade out, fade-out, speciale
"""


def _names(text: str) -> list[str]:
    return re.split(r",\s*", text.strip())


KIND = {
    name: kind for kind, names in (("other", _OTHER), ("verse", _VERSE), ("chorus", _CHORUS)) for name in _names(names)
}
"""From a part's name in lower case to ``chorus``, ``verse`` or ``other``."""

ALSO_WORDS = frozenset(_names(_ALSO_WORDS))
"""Names that a line of verse may consist of too: without brackets or a colon they are taken as verse."""
