"""How every page looks beyond Streamlit's own: contrast, focus, and the marking in sight at any size.

Names of Streamlit's own elements; where one of them is gone, the page is as Streamlit draws it.
"""

__all__ = ["STYLE"]

QUIET_TEXT = "#57606A"  # on white 6.4 : 1, on the sidebar 5.9 : 1; WCAG 2.2, 1.4.3 asks for 4.5
FOCUS = "#0B5FBF"  # beside white 6.2 : 1, beside the sidebar 5.7 : 1; WCAG 2.2, 1.4.11 asks for 3
STYLE = f"""<style>
.stMainBlockContainer {{ padding-top: 2.75rem; }} /* the plan begins above the fold */
.stMainBlockContainer h1 {{ font-size: 2rem; padding: 0.25rem 0 0.5rem; }}
.stMainBlockContainer h2 {{ font-size: 1.5rem; padding: 0.5rem 0; }}
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
  .stMainBlockContainer {{ padding-top: 4.5rem; }}
}}
</style>"""
