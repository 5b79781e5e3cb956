document.title += ".";
