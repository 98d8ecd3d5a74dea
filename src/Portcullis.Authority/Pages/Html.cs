using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;

namespace Portcullis.Authority.Pages;

/// <summary>A piece of a page. Made from interpolated strings only, in which every hole is encoded unless it is such a piece itself: forgetting to encode is not possible.</summary>
internal readonly struct Html
{
    private readonly string? _text;

    private Html(string text) => _text = text;

    public static Html Of(ref Builder builder) => new(builder.ToText());

    public static Html Each<T>(IEnumerable<T> items, Func<T, Html> render) => new(string.Concat(items.Select(item => render(item)._text)));

    public static Html When(bool condition, Func<Html> render) => condition ? render() : default;

    public override string ToString() => _text ?? "";

    [InterpolatedStringHandler]
    internal readonly ref struct Builder(int literalLength, int formattedCount)
    {
        private readonly StringBuilder _text = new(literalLength + (formattedCount * 16));

        public void AppendLiteral(string text) => _text.Append(text);

        public void AppendFormatted(Html html) => _text.Append(html._text);

        public void AppendFormatted(string? text) => _text.Append(HtmlEncoder.Default.Encode(text ?? ""));

        public void AppendFormatted(int number) => _text.Append(number);

        public string ToText() => _text.ToString();
    }
}
