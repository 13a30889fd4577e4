"""
Letters as pixels, in two sizes.

They were drawn from the DejaVu fonts, which may be used and passed on freely; each pixel has
sixteen shades, packed and written as text.
"""

import base64
import zlib
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

Shades = NDArray[np.float32]

CHARACTERS: Final = "".join(map(chr, range(32, 127))) + "·×…µ°–é"
UNKNOWN: Final = "?"


@dataclass(frozen=True)
class Lettering:
    """One size of letters."""

    height: int
    widths: tuple[int, ...]
    packed: str

    def width(self, text: str) -> int:
        """Say how wide a text is."""
        return sum(self.glyph(letter).shape[1] for letter in text)

    def glyph(self, letter: str) -> Shades:
        """Return the shades of a letter, 0 to 1; shape ``(height, width)``."""
        return self._glyphs.get(letter, self._glyphs[UNKNOWN])

    def draw(self, text: str) -> Shades:
        """Return the shades of a line of text."""
        if not text:
            return np.zeros((self.height, 0), np.float32)
        return np.concatenate([self.glyph(letter) for letter in text], axis=1)

    @cached_property
    def _glyphs(self) -> dict[str, Shades]:
        pairs = np.frombuffer(zlib.decompress(base64.b85decode(self.packed)), np.uint8)
        shades = np.stack([pairs >> 4, pairs & 15], axis=1).reshape(-1) / np.float32(15)
        sheet = shades[: self.height * sum(self.widths)].reshape(self.height, -1)
        borders = pairwise(accumulate(self.widths, initial=0))
        return {
            letter: sheet[:, start:end].astype(np.float32)
            for letter, (start, end) in zip(CHARACTERS, borders, strict=True)
        }


_TEXT_WIDTHS: Final = (
    "4 5 6 10 8 11 9 3 5 5 6 10 4 4 4 4 8 8 8 8 8 8 8 8 8 8 4 4 10 10 10 6 12 8 8 8 9 8 7 9 9 "
    "4 4 8 7 10 9 9 7 9 8 8 7 9 8 12 8 7 8 5 4 5 10 6 6 7 8 7 8 7 4 8 8 3 3 7 3 12 8 7 8 8 5 "
    "6 5 8 7 10 7 7 6 8 4 8 10 4 10 12 8 6 6 7 "
)
_TEXT_PIXELS: Final = (
    "c-rllZ)_9i9ml`t^S`rw=Yy@C%0l8!d$SVaTi<o1j<uKFO3YMVKnd}*iTz;=Pt&%R6mnUml}#%(ov46q^t!cWfW)qJ"
    "OS-Z)4rOH7i^WMXVMWvqF$ozZN*pbuh2-{o?#_;##SKiVDs6ot`?>o)kMFtrJm2U0{4T)9<>T^yTYiL7|4WbKO`6rE"
    "(z(jM>#vsusgjfr@fQ3sfS<s?i}rat@N_pe0N))22Dls^0oGUiq87g&f!|2N)pr(r*ExW@LFWe0{2qdak#uxjfuk$4"
    "*l6yoW*-G|5RIE5Y?}KG)p2Bv8}yl?^V7({l@?>{&-pKr?k^icpOTebDKyXRMRxA_QoUwYr4fx51+9J+&QTo~AjU33"
    "dL)Up+YMtTI3tEYgF417h|ewt{HLYhu%s*ne7I`M0|h*aHmzE7<Snz>hZ1n{6DfLvxTAkJ`r(+mOU8g(gCuWRzoq<#"
    "-x6MKQXnMZQ(8hol#cx;;g18(yekR>l|Zr~E~-tTMF#!c@^f&$L3|O;5E&uuo?f;=jNS1z*!<APJuQDho(J9(Wxy}0"
    "j;!*I>PopUJN}Fe*Gu*5ti~w!10YXhqScj#?}-U+9Ch+q`5-q8Qi7`xl)VXfG(;XQ2eknBOSlb%R|kFo1e~kdeqvSW"
    "&<0-bNnr4az0Tx=-Z&f+)G$CC{c-ojIJ;D_{2{0iZGkOLMk5f%##R$}AjX=vfwhO>Q|<ouS#$3Dg;|}!Q|tI+Kx-@g"
    "nxBy3=2aRM8#p_kSNQt8ImBSv+olXox>D3C#WQ%kSerL#1IHBVLQ}3^Db4V`FobPhon|!_l=&0^cMhOFYA-G0O^m*i"
    "#ENTCN8f8IcYM@u6zXsM4x_XXn8NwIq+H29)2Ew}RkJZ^=NMR5X=iTFn9rCF%7VHB!n3-lN%szOc{<)_7%4VyMCo)1"
    "6ahYAA5LPw4SdCT0v24*3N%86c96pB>GT4N(Oi3z3xMasaHlNbb)@1*2>k@yIE&z}F^YA<ms}ks;JTm*8u+Kq$mY+u"
    "tz#q{L3in<urgtp6rO6drcF%Pz}fjc@Z*XJJabyAQ!+<fthb<%vWqpYgyw-Cpt<f8zL_`xZafD68#L^B1Z4~{g_oCY"
    "c=t0s=v}UgYKt1!yE@u|LFWvvE<0xeU#m#U)#cYd-(yD3JEx>m^$FHh>gF%Gqr+gp>mc1bQJZVPHosaY6DHD~1^h3i"
    "afFm#D+3-ewcoq^Y!NtKkbuWeGY>z}*6n*t7ZU7AyxKR`|F8_WOKT(^7Vtj-&s~R*Xl3)Igu7R(a1_90-ve1niUD_D"
    "_$rvelK^n%>j~l_%6tByrum6LLNw--CJT5#%^EZ0;prAqU@U7G7Vw+aBFb$1Qc%f+??|=KT<PT9R!!HuXMAr7cq4l7"
    "Gx4(;P1|vr-)UM@Is^XVLf~TPGMZ^sBLctL0Jqk`=kO|BW;X*qI!rRllWumf2(|2&Vy-mnDn%Xr%u*QeK<pt5Z#cCT"
    "{)@D_n}H+X@+PGtz?z$}`{;r=b`)j6&Em-6+jMg|^JM6L3cNNzM*2+u?l68SDwe`&)3lLoCj!1$N#XQBv{l3(00T}l"
    "9i_NOC%M)q_`Y8ADNW#ZVZaZg#@Sz^zAR`SV(OY)MB!qrr10<P7I5j01YFo>E8OfwHBV3IILUxZQ8trbnZ(*!3>DzK"
    "nq*Pzk{R%gmB8IugH#%Erh!cm)F#8wJ7_!JPv-p?13sPv+c{q%FchI~J0ykAv91zr@jW(hx4s{T_x<EBoYQcoI^jv-"
    "Y25_gP{8+HU2ihrQmzuX+c3UvP;y`uj+jz<)J|LWN~d-|c><Y=>EUK`N#T-Q^6+C;rbS*f0aF14oB){<f<VIBAIMV7"
    ">9Q;ZxW}z})HLN51?qZv5f3i|zV2@pa3M#)x$CK*<=wFBo%EZ{46PU^L-BNypm(4rhuU?+EXq%T0hcO)Hz;DXOyLm<"
    "Sqis-=LgGyS16qP%cm0XkWb|%3)tHK;9C$6$;eOQA-PQ9#j=RP`JBCJGXCl-z$-uQq0EJBTzvjhG!<r+QUp$pOvA20"
    "DNCU#y(<(UWUW-UDBkYX2_`-%QIquCy$hy?FW59Y@o8sw&67#u^eQR5;2v3!rHsgt=zNy4QZs?G+$V!WDJwgnUS_re"
    ">5IR$6z&;tPQfup)--}c8jg}pQ?xd20{2HNfJZ`Y(Rc5j_we>R<Ccfpz%Q*#lmWLqyvFkIkn?*hl4r>OnpB)jA)J;b"
    "aFCvHkM6i+B|HD=;Roq%j$(!%vx9$KwxtN%A0_%<o=bw)(bnxa{ysS}%sku%&b01Vp9IUpy@sKN4I|;o4uS!9Wy$=X"
    "8#8kwzVDy(IYGef)lpVDnTMZ0&lcQf(U^^w<>9j?^i6YTikl{-gxuSrVQ4n+Ix7!ny_yZ3YHw;2<>JgdcFxkg{GFED"
    "6k6iWA-YY9w$bt>;O=AvaPQo&qZL`onA`!Dr4)g4=gNVXXDK1<d0*Z<&1a9QXh}dy26P%LL&=b*YL;RHzqZ{@l2))?"
    "r@XXRf72Ar?}6KRs}dK9u`K15N@M5)8a=sNy9fd2avp8zjvcmPE;6VU^QzVFbjdt?viiX7ANuR{&!eBbm46oqBOln@"
    "dyBwl=qtM<@UOXTBz5wC0sP34Z<>=I<^MBWT{jaS#kdako>8T3)vUGR`5D|k@L+%G@X;z=DuDkRVuy)D"
)
_TITLE_WIDTHS: Final = (
    "5 6 7 12 10 14 12 4 6 6 7 12 5 6 5 5 10 10 10 10 10 10 10 10 10 10 6 6 12 12 12 8 14 11 "
    "11 10 12 10 10 11 12 5 5 11 9 14 12 12 10 12 11 10 10 11 11 15 11 10 10 6 5 6 12 7 7 9 "
    "10 8 10 10 6 10 10 5 5 9 5 15 10 10 10 10 7 8 7 10 9 13 9 9 8 10 5 10 12 5 12 14 10 7 7 "
    "10 "
)
_TITLE_PIXELS: Final = (
    "c-rllU5s1B6~~Xizt$fSgtTcAyDd^_tHf?!DnwOVs(5Lkb|m^zsO-K}eSq2&wNhK6HAw9PRj?5fl|bMnfDo17ZVB*I"
    ";zfw|1!RYQP=dfFpq7LWf3Mdc_n!XG-0NNMh9ygcs-kAJdp&n%?%XqT&hMNvm*`@-ST2@NZ+Z0GrfA1M{D0hv1(szq"
    "C)Qi`*UjJHcw<z>YJ0#Or@C-yEU8*!=@Svf)#y<&<K(~ZY<NB=SI+s{8j-sb#jU?U^ixQ53LQtLXwb;FM)5a^-roAO"
    "x9zG;V&tx2`Co3FjnQWs@1-yUFHwoPO}3+Y!N$yE@-;A%yKyG6tt8+5;5a0x>9?Vt<roE+-^D)N%I_trtUp9lWnMKe"
    "XncP;V330gxK^9EEO4sYBs^575HAH7uPs0ty(sf2!SsSv^)!sXg&`Cd@I<LoYm$wB&k;ZVjPx1>jC~xT*4r{7Q!56c"
    "mUs^v)icG67tP-}b@_B_FS~PHN~=<vw}9=-%r>?!TqMVUsMP+*QB_N<Xj!h|Rnq);;0b3>Hti`&-aeu`p@aPCD-z^y"
    "+py2I!cRh1Z?(NsF5_~Jx$nj%`VW83h<Fe0#ZV6v=^dfl*7(sL=-I_ZzkUhleA7Mpwh{#rr6wJGA#!D3)UyT=n|{U&"
    "PuhPIFl_lDHe5y-YTD;**GHh0<j~Y=wF$kdt}3Toczcy2(IFig?b1%Fd1ABbex1CN$dwuLLV0+?%ey%Rr6v2+8bA-F"
    "o|`lA2~{A4lLrfHR3fqi#4MjS<xD5G1J=u1S>8FYKK*<nqEJmT1EJ>7@a4##*)-~oy{6p-mT3;y;1X6*`rR$ZJiTB&"
    "jwgIdRE_d=@=P7C>)<jxFJ?T`Dl9<wuyWJsRk;kvImKE^VlfqEHdO0UqZ}I9ID_3@Y|Edxmg7P-_vu$D)75Y+i1Ds2"
    "00KqWbwE<>h_;%P@5`0Ui`Fq!yaDV!Y`qEWglYmTUM78nx<T<ZRW0MX*rirM-d5_U$x5B@m=<*45O0;EtJL@_oXz4O"
    "3A41drc^6B`wH0f%h{9bCdkH<)Of7*ApFZa<Tvis;RN1|!5y^K4Z8j~1NP8FejaPxUHv!I{J<naNBFqZ#u3uaXm!-;"
    "*BDO+;fF$Nq^-b4s?RWK<>(;YckmCU6qqC#@j#4AfK7Jh_P<u}kLHZ1(hOv-S2sr>;X1HR@jWZS0V3>T;`Ield0HOx"
    "xBbvvx=l54M)Q8f(}@o-8}_WA6a%ll*NE8pAb@4#IED1qKhTlHEr3m>`^3v02GD49YMk)O8&ht6C#D=&(^L1oe<Fa5"
    "Jq?Ngnh}YPEJ~GvEMQe5%>%0&3A3yEQaAk)fNgZ6LmQV76J#7eIIDU%5;ks8bXmYgDs4M#VCo*~uq-<>mQ#CQ_^BBY"
    "02?aGp2nBx;L66rOZ6Zht}XeDuU+S#?&i90a;dC_)D5~Utp>*jCi27I<{lQ`80;UD_MEEilUf!=uu9Rc<Cp;3D*C4m"
    "jztI2UPuR+m6MHfvIiPqNd-!F6|fjEuh?I&>lN?u8FYtV0bBWFS_KX^abDcDD$99_9Bc94cAxkceG8T%<k!kr+!xOU"
    "_C+VB1Zor5S_itt4mUCY_Q$(4$kaQuD%iuDGw198R=0q)-^q{6X0hGKf5A(teR{>)OE&Wq90kS_4msyk76a9UbP29q"
    "bwQ(_hXEBNO<+}Sqkx^}?;A9h0@K9@xsZlbm97GIR<%Jgjg7nJfOT*N^~JXK%??b|!#(l5uq$|z6o942%?P`xK+}!7"
    "i@yL%#-bK<+{15`+UkZHD}LPq_SuQbp;q7(xDcF@RtE{ym7q@9E^4(p+8lgXIdcVUaLvus_!)Ofb!xQmU(UC&fnDW0"
    "1=uKJl(+S;?QR8BZH+boYcnG(1g=RX*f%{)JsX1yXCvlr9UGRu(F;y1{Ujb=fLX-55@Ai(3DaS5rqKe7uhO=Ft>U$`"
    "mlIht6$E2ZSqc2=GWn*La3(O>!<N;1`02TQvfT>B<OdW^y+$XTZ3pJ)D7sRj5QSo^z5%Q>s=Q|%SOirI*p-%nx8o;0"
    "6r=EQOd{;%RuvA3Y#KwL4Pb+l&={+}wq3dwvsA?Ec)&NMk*fe$1P1$DN-X6X<^f(3A7r6$kfGJH;_3jbx=}l90?Sh?"
    "hia8!`+}5<6HrlO$<EhtLg}BPtQTj%(qg?@_KmZp8%9ugkK6`K+=VSqi(CMf@|K@V08b>0#m&IV?l51C{;6_mif$Q>"
    "H1>xrQOlnYV{hYBZ7Mg~5>_rLvFSQtIxNoA)rE!n4GY-HKt*_190~voP2hLM&KCR7Z4N^FT5rt!_~Jx-#LP_gz{iVJ"
    "z2I`7c?6qlq8J{DGgV;0;@2arG=_(pB5Y+m1J=t00oFa`f;eogt@2>2YB-=$+O6>%u!yHvQFuIYj<I)XLp+`23J1gn"
    "0c^Ce71;O?%NEsq9}0JhdR)pqmfB8BS6GV)EDy{>4`2kaqHx$krLC-DW(0H<RyzaM#%Ru->5Sk*)A*0Ba>^kGu6ba8"
    "VY^Y!39t*pYH<^=65+6=+3qHR)2TD+3|qqDvx(R3YvF;dAtJkBPKy?5q8T*-gnyhuLxsEmTUu4@i3wT2mIDBGh2VA|"
    "pP&n)Oj!~3iq<$YGn30|`ps(YP_FcK<9nHKU*0H@u^bQ!f$}_7%4=TGxEa_c6l(z+?I>V_JltXrs_IcO2l5NB*el7p"
    "&7jJKFaS9)IWU#I$$<qN?f@*kxD{9zN74g$Q20_TS@~0`NJ?xv*9~CDTHgY;XaNh8z^*h_#EmPjEe`YGSOHsJK%!*m"
    "kZ2m@4jq^pNUykQQ=olVgk8WI%Xlu?6H8h)fmMMbXPuAKucs|(@H1ceCG6us(c4>0R9^lpOC}iY${ealgf%CqG?7(g"
    "Pp7*kuz4Bq)Gn=SruR=vE!jKN$1Y*k>T^)S&v$|RSxWpJo?(zTZkGfNOFK&1Yf~Inu!NrEuYKA-iG3+kZC(b;*+_}^"
    "Ph-i=z*1#m0ju7QpDY*bt-JQ>5v6ab8d61UcqX=QWCEL9b8yi-Sa~5$jm2cd%>!7M@+1J((>Vv&)qMa~lAp?3yHhFw"
    "s=Vd6M~;_fHnaikQnj}QSpW1=PN}@hOtZ#he`r@Dx7eY8z8gLQa#N6t6&-6?m|%$`%IjuOKQ|@5hv*RsjS#tDNyg_}"
    "vp%1ZxH4y^#8RF`G$H%_{0e&N<o_T?H}a{*%c8@g-H2=et1YXC<rr`SKZ!j+d<o%Fbe=GdnNGoRzmD2f$cw2eq#iZ?"
    "OtuH6Iib~S9@wt8Fz`IAek2yZY9@Mhp&jAy1$5So=iy6FB~&U^R9ce8Q;AK$QfZ?4t1Ig5_^A!ac9j2VnF6XfX2`g{"
    "?+s}cVCkxse0#|%-wUyL83$OZ^c1jpOt&V$#xq+Z>`i)pV4hZPGKx0sEF?dI<;fXVJ6qiZEY(hL1{SBHNy0oR?KS?O"
    "fOVeG3$`l9zG~bDvlQi2`YtZJITjy6$0><yg%3T$nq>xTYh0UU?ViSaxpPjz{=zv;HjZd>ts%>SmoD(bSS__phyAsb"
    "<KB-wTYX2vvTt69q}b6@VeWm5?~fZ_CPv#1nti@F|EDG@HFx;Y>HHtJ9zEXxyOm%EFYx<kc>CvW<yT`LbGG!_&c>Ba"
    "UYNAr_Rhz;Z@z3DZaZhT9cO)rI{&98+Be+kSK?3TYxMt2slD=FdzCsee6$fX&d&7eF^Zo6u$6b_ZXAP;7`d~r(HG07"
    "zx)RcSU=e"
)

TEXT: Final = Lettering(15, tuple(map(int, _TEXT_WIDTHS.split())), _TEXT_PIXELS)
TITLE: Final = Lettering(17, tuple(map(int, _TITLE_WIDTHS.split())), _TITLE_PIXELS)
