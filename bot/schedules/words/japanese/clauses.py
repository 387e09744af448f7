"""How Japanese says the clauses beside a rhythm: 12月1日から, 12月31日まで, 10回, 祝日を除く, 取引日."""

import re

from bot.schedules.words.han.clausewords import Clauses
from bot.schedules.words.han.numerals import NUMBER
from bot.schedules.words.japanese.moment import read_day
from bot.schedules.words.japanese.vocabulary import JA, read_duration

CLAUSES = Clauses(
    tongue=JA,
    prepare=str,
    read_day=read_day,
    read_duration=read_duration,
    every_day="毎日",
    rhythm=re.compile(
        r"毎|ごと|おき|隔|平日|営業日|[日月火水木金土]曜|[月火水木金土日][・、~〜]|土日|後|間隔|に[一1][回度]|[今明]日|[0-9]月"
    ),
    marks=re.compile(
        r"から|より|以降|開始|まで|迄|回|除|以外|スキップ|休|ない|翌|前営業日|前の営業日|取引|立会|営業日|稼働日|ジッター|ゆらぎ|ランダム"
    ),
    yearly=re.compile(r"毎[年月][^,、 時:]*$"),
    now=re.compile(r"(?:今|ただいま|今日|本日)から"),
    before_start=re.compile(r"(?!)"),
    behind_start=re.compile(r"(?:から|より|以降|に?開始)(?:に|、|は)?"),
    between=re.compile(r" ?(?:から|より|~|〜|–|—) ?"),
    before_end=re.compile(r"(?!)"),
    behind_end=re.compile(r"(?:まで|迄)(?:に|の間|は|、)?"),
    times=re.compile(
        rf"(?:合計で?|計|全部で|最大で?|全){NUMBER}回".replace(NUMBER, f"({NUMBER})")
        + r"(?:だけ|のみ|まで|で(?:終了|終わり|停止))?"
        rf"|({NUMBER})回(?:だけ|のみ|まで|で(?:終了|終わり|停止)|実行したら(?:終了|停止))"
        rf"|(?<=[,、 ])((?![一1]回){NUMBER})回(?=$|[,、 ])"
    ),
    jitter=re.compile(r"(?:ジッター|ゆらぎ|ランダムに?)(?:は|を|で)?(?:最大|に)?"),
    behind_jitter=re.compile(r"(?:以内)?(?:で|に)?(?:ずらす|ずらして|遅延|遅らせる)?"),
    skip=re.compile(r"(?!)"),
    skipped=re.compile(
        r"(?:を除[くき]|を除い[てた]|以外|は除く|は?スキップ|をスキップ|は(?:実行し|動かさ|走ら)ない|は?休み|は休む)(?:して|する)?の?"
    ),
    outside=re.compile(r""),
    rolled=re.compile(
        r"(?:の場合|なら|のとき|の時)?(?:は|に|、|,)*"
        r"(?:(?P<next>(?:翌|次の)(?:営業日|取引日|平日)(?:に|へ)?(?:実行|ずらす|繰り越し?)?)"
        r"|(?P<previous>(?:前|直前の|前の)(?:営業日|取引日|平日)(?:に|へ)?(?:実行|ずらす|前倒し)?))"
    ),
    only=re.compile(
        r"(?:毎)?(?P<name>[^\s,、。;:0-9毎]{0,12}?(?:(?P<trading>取引日|立会日)|営業日|稼働日))(?:のみ|だけ)?(?:に|の)?"
    ),
    plain=re.compile(r"営業日|稼働日"),
    weekend=re.compile(r"週末|土日"),
    joint=JA.joint,
)
