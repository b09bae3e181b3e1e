// By which clock times are shown to whose account names none: the browser's, in a cookie, so that the first page after signing in has
// it already. Without this script that is UTC.
(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
  if (!/^[\w+/-]+$/.test(zone)) return;
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `ripen_zone=${zone}; path=/; max-age=31536000; samesite=lax${secure}`;
  // Whoever is invited is asked for theirs: the first page of all comes before there is a cookie. A browser that does not know where it
  // is says so by a name that is no zone.
  const asked = document.querySelector("input[data-browser-zone]");
  if (asked && asked.value === "" && zone !== "Etc/Unknown") asked.value = zone;
})();
