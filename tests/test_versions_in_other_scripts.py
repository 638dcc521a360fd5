"""Versions of songs in scripts that have no spaces, no capitals, or are written from right to left."""

import re

import pytest

from lyric_lm.lyrics.duplicates import group_versions
from lyric_lm.lyrics.song import Song
from tests.test_duplicates import together

INVENTED = {
    "Chinese": (
        "月亮落在河的对岸，我把旧船推出港湾。\n"
        "灯塔数着来往的人，没有一盏为我点燃。\n"
        "你说春天就会回来，信却停在去年的山。"
    ),
    "Chinese 2": (
        "月亮落在河的对岸，我把旧船推出港湾。\n"
        "街角那家面馆关了，老板娘去了南方海边。\n"
        "自行车靠着墙生锈，铃声还留在小巷里面。"
    ),
    "Japanese": (
        "最後のバスが坂をのぼる、窓にうつる君の横顔。\n"
        "言えなかった言葉だけが、ポケットの中で鳴っている。\n"
        "灯りの消えた港町に、雨がやさしく降りはじめた。"
    ),
    "Japanese 2": (
        "最後のバスが坂をのぼる、窓にうつる君の横顔。\n"
        "朝のパンを半分にして、猫と分けあう台所で。\n"
        "古いラジオが歌うのは、知らない国の夏の唄だ。"
    ),
    "Thai": ("เรือลำน้อยลอยไปกลางแม่น้ำ คืนนี้ไม่มีแสงดาวนำทาง\nฉันยังคอยเธออยู่ที่ท่าเก่า ลมหนาวพัดผ่านต้นตาล\nจดหมายฉบับสุดท้ายยังอยู่"),
    "Thai 2": (
        "แม่ค้าตลาดเช้าขายขนมครก หมาดำนอนหลับใต้โต๊ะไม้\nรถเมล์สายเจ็ดมาช้าทุกวัน นักเรียนวิ่งไล่จนเหนื่อยใจ\nฝนตกแล้วตะวันก็ออกมาใหม่"
    ),
    "Russian": (
        "Последний паром уходит без нас, и гаснет над пристанью медленный свет.\n"
        "Ты держишь в ладони чужие часы, а времени нет, и билетов нет.\n"
        "Мы сядем на ящики возле воды и будем до света считать огни."
    ),
    "Russian 2": (
        "Последний паром уходит без нас, и гаснет над пристанью медленный свет.\n"
        "Сосед выбивает на лавке ковёр, ругает погоду и ест бутерброд.\n"
        "А кот на заборе не верит в дожди и ждёт, что хозяйка его позовёт."
    ),
    "Arabic": (
        "يا قارب الليل خذني بعيدا عن الميناء القديم\n"
        "تركت مفتاحي تحت الحجر ونسيت الطريق إلى البيت\n"
        "والريح تسأل عن اسمي وأنا لا أجيب أحدا\n"
        "كل المصابيح نامت وبقيت وحدي أعد النجوم"
    ),
}


@pytest.mark.parametrize("language", ["Chinese", "Japanese", "Thai", "Russian", "Arabic"])
def test_versions_in_other_scripts(language: str) -> None:
    songs = [Song(name, "", text, name) for name, text in INVENTED.items()]
    assert len(group_versions(songs)) == len(songs)
    text = INVENTED[language]
    edited = re.sub(r"[，。,.]", "", text).replace("\n", " ").replace(text[20], text[21], 1)
    groups = together(group_versions([*songs, Song("Leaf", "", edited, "version")]))
    assert groups == {frozenset([name] + ["version"] * (name == language)) for name in INVENTED}
