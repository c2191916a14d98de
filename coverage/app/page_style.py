"""How every page looks beyond Streamlit's own: contrast, focus, and the marking in sight at any size.

Names of Streamlit's own elements; where one of them is gone, the page is as Streamlit draws it.
"""

__all__ = ["STYLE"]

QUIET_TEXT = "#57606A"  # on white 6.4 : 1, on the sidebar 5.9 : 1; WCAG 2.2, 1.4.3 asks for 4.5
FOCUS = "#0B5FBF"  # beside white 6.2 : 1, beside the sidebar 5.7 : 1; WCAG 2.2, 1.4.11 asks for 3
RAIL, PANEL = "11.5rem", "21.5rem"  # widths of the list of pages and of the panel
STYLE = f"""<style>
:root {{ --quietwing-above: 8rem; }} /* what stands above the plan, and the line below it */
.stMainBlockContainer {{ padding: 0.5rem 0.9rem 0.3rem; }} /* the plan fills the window */
header[data-testid="stHeader"] {{ background: transparent; height: 2.2rem; min-height: 0; pointer-events: none; }}
header[data-testid="stHeader"] * {{ pointer-events: auto; }}
[data-testid="stMain"] [data-testid="stVerticalBlock"] {{ gap: 0.45rem; }}
.stMainBlockContainer h1 {{ font-size: 1.3rem; padding: 0; line-height: 1.4; }}
.stMainBlockContainer h2 {{ font-size: 1.15rem; padding: 0.25rem 0; }}
.stMainBlockContainer h3 {{ font-size: 1rem; padding: 0.2rem 0; }}
[data-testid="stHeading"]:has(h2, h3) [data-testid="stMarkdownContainer"] {{ margin-bottom: 0; }} /* -1rem: covered */
[data-testid="stHeading"]:has(h1) [data-testid="stMarkdownContainer"] {{ margin-bottom: -0.5rem; }}
.st-key-quietwing-news:not(:empty) {{ padding-top: 0.7rem; }} /* the title above reaches so far below its box */
.st-key-quietwing-marking {{ position: absolute; top: 0.2rem; left: 50%; transform: translateX(-50%); width: auto;
  z-index: 2; pointer-events: none; }}
.st-key-quietwing-marking p {{ font-size: 0.75rem; letter-spacing: 0.03em; }}
section[data-testid="stSidebar"] {{ width: {RAIL} !important; min-width: 0; }}
section[data-testid="stSidebar"][aria-expanded="false"] {{ width: 0 !important; }}
[data-testid="stSidebarContent"] {{ padding: 0 0.5rem; }}
[data-testid="stSidebarHeader"] {{ height: 2.2rem; padding: 0 0.25rem; margin: 0; }}
[data-testid="stSidebarUserContent"] {{ padding: 0.5rem 0.25rem 1rem; }}
[class*="st-key-quietwing-bench"] > [data-testid="stLayoutWrapper"] > [data-testid="stHorizontalBlock"] >
[data-testid="stColumn"]:last-child {{ flex: 0 0 {PANEL}; min-width: {PANEL}; width: {PANEL}; }}
[class*="st-key-quietwing-bench"] > [data-testid="stLayoutWrapper"] > [data-testid="stHorizontalBlock"] >
[data-testid="stColumn"]:first-child {{ flex: 1 1 0; min-width: 20rem; width: 0; }}
[class*="st-key-quietwing-panel"] {{ max-height: calc(100vh - 8rem); overflow-y: auto; overflow-x: hidden;
  padding: 0.1rem 0.3rem 0.5rem 0.1rem; }}
[class*="st-key-quietwing-panel"] [data-testid="stVerticalBlock"] {{ gap: 0.4rem; }}
.st-key-quietwing-bench-report {{ --quietwing-above: 12.9rem; }}
.st-key-quietwing-bench-compare {{ --quietwing-above: 15.2rem; }}
.st-key-quietwing-bench-signals, .st-key-quietwing-bench-plan {{ --quietwing-above: 8.9rem; }}
.st-key-quietwing-bench-my-site {{ --quietwing-above: 11.2rem; }}
.st-key-quietwing-bench-curve {{ --quietwing-above: 13.5rem; }}
.st-key-quietwing-tour {{ position: fixed; left: 14rem; bottom: 8.5rem; width: min(26rem, calc(100vw - 2rem));
  z-index: 20; background: #fff; box-shadow: 0 0.3rem 1.2rem rgba(0, 0, 0, 0.35); border-radius: 0.4rem;
  padding: 0.7rem 0.9rem; }}
[data-testid="stLayoutWrapper"]:has(> .st-key-quietwing-tour-place) {{ position: absolute; }} /* it moves nothing */
.st-key-quietwing-tour p {{ font-size: 0.9rem; line-height: 1.4; }}
.st-key-quietwing-said {{ min-height: 3rem; }}
.st-key-quietwing-said [data-testid="stAlertContainer"] {{ padding: 0.35rem 0.7rem; }}
.st-key-quietwing-said p {{ font-size: 0.85rem; line-height: 1.35; }}
[class*="st-key-quietwing-numbers"] [data-testid="stMetric"] {{ padding: 0; }}
[class*="st-key-quietwing-numbers"] [data-testid="stMetricLabel"] p {{ font-size: 0.75rem; }}
[class*="st-key-quietwing-numbers"] [data-testid="stMetricValue"] {{
  font-size: 1.15rem; line-height: 1.3; padding: 0; }}
[class*="st-key-quietwing-panel"] [data-testid="stText"], [class*="st-key-quietwing-panel"] [data-testid="stText"] *,
[class*="st-key-quietwing-panel"] [data-testid="stMarkdown"] :is(p, li) {{
  font-size: 0.85rem !important; line-height: 1.4; }}
[class*="st-key-quietwing-panel"] label p {{ font-size: 0.8rem; }}
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] *, [data-testid="stMarkdown"] small,
[data-testid="stFileUploaderDropzoneInstructions"] *, [data-testid="InputInstructions"] {{
  color: {QUIET_TEXT} !important; opacity: 1 !important; }}
[data-testid="stSidebarNavLink"] span {{ color: #31333F; }}
[data-testid="stTextInput"] input::placeholder {{ color: {QUIET_TEXT}; opacity: 1; }}
[data-testid="stMetricLabel"], [data-testid="stMetricLabel"] * {{
  white-space: normal !important; overflow: visible !important; max-width: 100%; }}
[data-testid="stSidebarNavLink"]:focus-visible, .stApp button:focus-visible, .stApp a:focus-visible,
.stApp summary:focus-visible, .stApp [role="tab"]:focus-visible, .stApp [role="slider"]:focus-visible {{
  outline: 3px solid {FOCUS} !important; outline-offset: 1px; }}
[data-testid="stSidebarNavLink"]:focus-visible {{ outline-offset: -3px; }}
@media (max-width: 768px), (max-height: 500px) {{
  /* 200 % zoom: the header lies over the page, the marking must not lie under it */
  .stMainBlockContainer {{ padding-top: 5.5rem; }}
  .st-key-quietwing-marking {{ top: 4.1rem; }}
}}
@media (max-width: 960px) {{ /* the panel stands under the plan */
  [class*="st-key-quietwing-bench"] > [data-testid="stLayoutWrapper"] > [data-testid="stHorizontalBlock"] {{
    flex-wrap: wrap; }}
  [class*="st-key-quietwing-bench"] > [data-testid="stLayoutWrapper"] > [data-testid="stHorizontalBlock"] >
  [data-testid="stColumn"]:is(:first-child, :last-child) {{ flex: 1 1 100%; min-width: 100%; }}
  [class*="st-key-quietwing-panel"] {{ max-height: none; }}
}}
</style>"""
