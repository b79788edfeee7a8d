// Applies the stored theme before the first paint. A classic script, because modules run after it.
(() => {
	try {
		const theme = localStorage.getItem("throughline.theme")
		if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme
	} catch {
		// Storage is disabled.
	}
})()
