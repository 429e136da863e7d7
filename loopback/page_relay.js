const answer = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
if (answer) {
  document.getElementById("fragment").value = answer;
  document.getElementById("relay").submit();
} else {
  document.getElementById("nothing").hidden = false;
}
