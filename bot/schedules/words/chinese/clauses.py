"""How Chinese says the clauses beside a rhythm: 从12月1日起, 到12月31日为止, 共10次, 跳过节假日, 每个交易日."""

import re

from bot.schedules.words.chinese.moment import read_day
from bot.schedules.words.chinese.recurring import RUN
from bot.schedules.words.chinese.vocabulary import WEEK, ZH, read_duration, simplify
from bot.schedules.words.han.clausewords import Clauses
from bot.schedules.words.han.numerals import NUMBER

STOP = r"(?:不(?:再)?(?:运行|执行|跑|触发)|跳过|休息|暂停|停止)"

CLAUSES = Clauses(
    tongue=ZH,
    prepare=simplify,
    read_day=read_day,
    read_duration=read_duration,
    every_day="每天",
    rhythm=re.compile(r"每|隔|天天|工作日(?!外)|平日|逢|(?:周|星期|礼拜)[一二三四五六日天末]|后|一次|[今明]|[0-9]月"),
    marks=re.compile(
        r"起|开始|到|至|止|结束|次|跳过|避开|排除|剔除|不|除|遇|顺延|提前|交易|开市|工作日|上班日|随机|抖动"
    ),
    yearly=re.compile(r"每个?[年月][^,、 点时:]*$"),
    now=re.compile(r"(?:从|自)?(?:现在|即日|今天)(?:起|开始)"),
    before_start=re.compile(r"从|自|由"),
    behind_start=re.compile(r"(?:开始|起|以后|之后)(?:生效)?"),
    between=re.compile(r" ?(?:到|至|~|〜|–|—) ?"),
    before_end=re.compile(r"(?:一直|直)?(?:到|至)|截[至止]到?"),
    behind_end=re.compile(r"为止|截止|结束|之前|止|期间"),
    times=re.compile(
        rf"(?:总共|一共|总计|共计|共|仅|只|最多){RUN}?({NUMBER})[次回遍](?:为止|后?(?:停止|结束))?"
        rf"|{RUN}?({NUMBER})[次回遍](?:为止|就?(?:后|以后)?(?:停止|结束))"
        rf"|(?<=[,、 ]){RUN}?((?![一1][次回遍]){NUMBER})[次回遍](?=$|[,、 ])"
    ),
    jitter=re.compile(r"(?:随机|抖动)(?:延迟|延后|抖动|偏移|错开)?(?:最多|不超过|0[-~到])?"),
    behind_jitter=re.compile(r"(?:以内|之内|内)?(?:启动|运行|执行)?"),
    skip=re.compile(
        r"(?:跳过|避开|排除|剔除|不含|不包括|除去|除了?"
        r"|遇到?(?=[^,、 ]*(?:跳过|不|顺延|延后|推迟|提前|休息|暂停|停止)))(?:所有|全部)?"
    ),
    skipped=re.compile(rf"(?:以外|之外|除外|{STOP})"),
    outside=re.compile(rf"(?:以外|之外|外)?(?:时|则|就|的话)?{STOP}?的?"),
    rolled=re.compile(
        r"(?:时|则|就|自动)*(?:(?P<next>(?:顺延|延后|推迟)(?:到|至)?(?:下一?个?(?:工作日|交易日))?)"
        r"|(?P<previous>提前(?:到|至)?(?:[前上]一?个?(?:工作日|交易日))?))"
    ),
    only=re.compile(
        r"(?:仅限?于?|只在|在)?(?:每个?|每逢|逢)?"
        r"(?P<name>[^\s,、。;:0-9每逢]{0,12}?(?:(?P<trading>交易日|开市日)|工作日|上班日|营业日))(?:的|内)?"
    ),
    plain=re.compile(r"工作日|营业日|上班日"),
    weekend=re.compile(rf"{WEEK}末|双休日"),
    joint=ZH.joint,
)
