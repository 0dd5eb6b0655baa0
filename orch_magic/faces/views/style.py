"""The style of every card: theme colours with literals behind them, light and dark.

Text and background come from the same family, so that a card is readable even where
the page around it has other colours. All of it may be stripped: the card's facts are
words in tables.
"""

from __future__ import annotations

STYLE = """<style>
.orch{--o-fg:var(--jp-content-font-color1,#1b1f23);
--o-bg:var(--jp-layout-color1,#fff);--o-good:var(--jp-success-color1,#1a7f37);
--o-calm:var(--jp-brand-color1,#0969da);--o-warn:var(--jp-warn-color1,#b35900);
--o-bad:var(--jp-error-color1,#cf222e)}
@media (prefers-color-scheme:dark){.orch{
--o-fg:var(--jp-content-font-color1,#e6e8ea);--o-bg:var(--jp-layout-color1,#1c1f23);
--o-good:var(--jp-success-color1,#57ab5a);--o-calm:var(--jp-brand-color1,#6cb6ff);
--o-warn:var(--jp-warn-color1,#e0a33a);--o-bad:var(--jp-error-color1,#ff7b72)}}
.orch.orch{--o-dim:color-mix(in srgb,var(--o-fg) 74%,var(--o-bg));
--o-line:color-mix(in srgb,var(--o-fg) 18%,var(--o-bg));
--o-soft:color-mix(in srgb,var(--o-fg) 7%,var(--o-bg));
background:var(--o-bg);color:var(--o-fg);border:1px solid var(--o-line);
border-radius:6px;box-sizing:border-box;max-width:760px;margin:2px 0;padding:10px 14px;
font:13px/1.45 var(--jp-ui-font-family,system-ui,-apple-system,'Segoe UI',sans-serif);
overflow-wrap:anywhere;white-space:normal}
.widget-html-content:has(>.orch){line-height:1.45!important;height:auto}
.orch .orch-head{display:flex;flex-wrap:wrap;gap:2px 10px;align-items:baseline}
.orch .orch-title{font-size:14px;font-weight:700}
.orch .orch-end{margin-left:auto}
.orch .orch-dim,.orch.orch th{color:var(--o-dim)}
.orch .orch-tone{--o-ink:color-mix(in srgb,var(--o-tone) 55%,var(--o-fg))}
.orch .orch-good{--o-tone:var(--o-good)}.orch .orch-calm{--o-tone:var(--o-calm)}
.orch .orch-warn{--o-tone:var(--o-warn)}.orch .orch-bad{--o-tone:var(--o-bad)}
.orch .orch-badge{color:var(--o-ink);border:1px solid var(--o-ink);border-radius:10px;
padding:0 8px;font-size:12px;font-weight:600;white-space:nowrap}
.orch .orch-big{font-size:22px;font-weight:700;margin-top:2px;
font-variant-numeric:tabular-nums}
.orch .orch-of{font-size:13px;font-weight:400;color:var(--o-dim)}
.orch .orch-bar{display:flex;height:8px;margin:6px 0 8px;border-radius:4px;
overflow:hidden;background:var(--o-line)}
.orch .orch-bar i{display:block;height:100%;background:var(--o-tone)}
.orch .orch-bar i.orch-held{background:repeating-linear-gradient(135deg,
var(--o-tone) 0 3px,transparent 3px 6px)}
.orch .orch-next{font-size:16px;line-height:1.4;margin:8px 0 10px}
.orch .orch-mind{border-left:3px solid var(--o-ink,var(--o-line));
padding:1px 0 1px 9px;margin:6px 0}
.orch.orch table{border:0;border-collapse:collapse;margin:4px 0;table-layout:auto;
font-size:13px;width:auto;max-width:100%}
.orch.orch table.orch-wide{width:100%}
.orch.orch thead,.orch.orch tr,
.orch.orch tbody tr:nth-child(n),.orch.orch tbody tr:hover{
background:transparent;border:0}
.orch.orch th,.orch.orch td{border:0;padding:2px 16px 2px 0;text-align:left;
vertical-align:baseline;line-height:1.45;max-width:none;white-space:normal;
color:inherit;font-size:inherit}
.orch.orch th{font-weight:400;font-size:12px;color:var(--o-dim)}
.orch.orch .orch-facts th{white-space:nowrap;width:1%}
.orch.orch .orch-figures td{font-weight:600}
.orch.orch .orch-wide thead th{border-bottom:1px solid var(--o-line)}
.orch.orch .orch-num{text-align:right;white-space:nowrap;
font-variant-numeric:tabular-nums}
.orch .orch-keep{white-space:nowrap}
.orch code{color:inherit;background:var(--o-soft);border-radius:3px;padding:0 4px;
font:12px var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace)}
.orch details{margin:4px 0;border:0;padding:0}
.orch summary{cursor:pointer;font-weight:600}
.orch.orch details>table{margin-left:14px}
.orch.orch details>table.orch-wide{width:calc(100% - 14px)}
.orch.orch pre{color:inherit;background:var(--o-soft);border-radius:4px;
margin:4px 0 4px 14px;padding:6px 8px;
font:12px/1.4 var(--jp-code-font-family,ui-monospace,monospace);
overflow-x:auto;white-space:pre-wrap}
.orch .orch-part{margin-top:12px;padding-top:10px;border-top:1px solid var(--o-line)}
</style>"""
"""One sheet, scoped by the class ``orch``; it asks for nothing from outside."""
