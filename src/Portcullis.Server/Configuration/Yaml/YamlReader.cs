using System.Text;
using Portcullis.Access;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Portcullis.Server.Configuration.Yaml;

/// <summary>
/// Reads the part of YAML that settings need: mappings, lists and scalars. Anchors, aliases and tags are refused (a few lines of aliases can stand for
/// billions of nodes), so are duplicate keys, several documents, and files beyond the bounds below.
/// </summary>
internal static class YamlReader
{
    /// <summary>The largest file.</summary>
    public const int MaxBytes = 1 << 20;

    private const int MaxDepth = 16;
    private const int MaxNodes = 100_000;

    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a file's content.</summary>
    /// <param name="content">The bytes.</param>
    /// <param name="file">The file's name for messages.</param>
    /// <param name="problems">Takes what is wrong.</param>
    /// <returns>The root; null when the file is empty or can't be read.</returns>
    public static YamlNode? Read(ReadOnlySpan<byte> content, string file, ProblemList problems)
    {
        if (content.Length > MaxBytes)
        {
            problems.Add(new SourceLocation(file, 0), $"the file is larger than {MaxBytes / 1024} KiB");
            return null;
        }
        string text;
        try
        {
            text = s_utf8.GetString(content);
        }
        catch (DecoderFallbackException)
        {
            problems.Add(new SourceLocation(file, 0), "the file is not UTF-8");
            return null;
        }
        try
        {
            return new Reading(new Parser(new StringReader(text.TrimStart('\uFEFF'))), file, problems).Document();
        }
        catch (YamlException exception)
        {
            problems.Add(At(file, exception.Start), FirstSentence(exception.Message));
            return null;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or FormatException or OverflowException)
        {
            // The parser is not ours: what it does with bytes that nobody would write must not end the program.
            problems.Add(new SourceLocation(file, 0), "the file is not YAML");
            return null;
        }
    }

    private static SourceLocation At(string file, Mark mark) => new(file, (int)mark.Line, (int)mark.Column);

    // The parser's messages may repeat the place, and begin with a capital letter.
    private static string FirstSentence(string message)
    {
        var end = message.IndexOf('\n', StringComparison.Ordinal);
        message = (end < 0 ? message : message[..end]).TrimEnd('.', ' ', '\r');
        return message.Length == 0 ? "this is not YAML" : $"this is not YAML: {char.ToLowerInvariant(message[0])}{message[1..]}";
    }

    private sealed class Reading(Parser parser, string file, ProblemList problems)
    {
        private int _nodes;

        public YamlNode? Document()
        {
            parser.Consume<StreamStart>();
            if (parser.Accept<StreamEnd>(out _))
            {
                return null;
            }
            parser.Consume<DocumentStart>();
            var root = Node(0);
            parser.Consume<DocumentEnd>();
            if (parser.Accept<DocumentStart>(out var second))
            {
                throw new YamlException(second.Start, second.End, "a second document begins; one file holds one");
            }
            return root is YamlScalar { IsNull: true } ? null : root;
        }

        private YamlNode Node(int depth)
        {
            var parsed = parser.Consume<ParsingEvent>();
            if (++_nodes > MaxNodes || depth > MaxDepth)
            {
                throw new YamlException(parsed.Start, parsed.End, depth > MaxDepth ? "too many levels" : "too many values");
            }
            if (parsed is AnchorAlias || parsed is NodeEvent { Anchor.IsEmpty: false })
            {
                throw new YamlException(parsed.Start, parsed.End, "anchors and aliases are not accepted; write the value again");
            }
            if (parsed is NodeEvent { Tag.IsEmpty: false })
            {
                throw new YamlException(parsed.Start, parsed.End, "tags are not accepted; put a text that begins with '!' in quotes");
            }
            return parsed switch
            {
                Scalar scalar => new YamlScalar(scalar.Value, scalar.Style == ScalarStyle.Plain, At(file, scalar.Start)),
                SequenceStart start => Sequence(start, depth),
                MappingStart start => Mapping(start, depth),
                _ => throw new YamlException(parsed.Start, parsed.End, "a value is missing"),
            };
        }

        private YamlSequence Sequence(SequenceStart start, int depth)
        {
            var items = new List<YamlNode>();
            while (!parser.TryConsume<SequenceEnd>(out _))
            {
                items.Add(Node(depth + 1));
            }
            return new YamlSequence(items, At(file, start.Start));
        }

        private YamlMapping Mapping(MappingStart start, int depth)
        {
            var entries = new List<YamlEntry>();
            var keys = new HashSet<string>(StringComparer.Ordinal);
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                var key = Node(depth + 1);
                var value = Node(depth + 1);
                if (key is not YamlScalar scalar)
                {
                    problems.Add(key.Location, "a key is a single word");
                }
                else if (!keys.Add(scalar.Text))
                {
                    problems.Add(key.Location, $"'{Shown.Text(scalar.Text)}' stands here twice; the first one is in line {entries.Find(entry => entry.Key.Text == scalar.Text)!.Key.Location.Line}");
                }
                else
                {
                    entries.Add(new YamlEntry(scalar, value));
                }
            }
            return new YamlMapping(entries, At(file, start.Start));
        }
    }
}
