using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Portcullis.Access.Decisions;
using Spectre.Console;

namespace Portcullis.Server.Commands;

/// <summary>What a command reads from and writes to.</summary>
internal sealed class CommandTerminal
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    private readonly Lazy<IAnsiConsole> _styled;

    /// <summary>Makes a terminal over three streams.</summary>
    /// <param name="input">Standard input.</param>
    /// <param name="output">Standard output: data.</param>
    /// <param name="error">Standard error: what goes wrong, hints, progress.</param>
    /// <param name="isTerminal">Whether a person looks at the output: only then it has colour.</param>
    /// <param name="timeProvider">The clock.</param>
    public CommandTerminal(TextReader input, TextWriter output, TextWriter error, bool isTerminal, TimeProvider timeProvider)
    {
        Input = input;
        Output = output;
        Error = error;
        IsTerminal = isTerminal;
        TimeProvider = timeProvider;
        _styled = new(() =>
        {
            var console = AnsiConsole.Create(new AnsiConsoleSettings
            {
                Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
                ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
                Out = new AnsiConsoleOutput(output),
                Interactive = InteractionSupport.No,
            });
            if (!isTerminal)
            {
                // A table that a script reads must not be broken at 80 characters.
                console.Profile.Width = 100_000;
            }

            return console;
        });
    }

    /// <summary>Standard input.</summary>
    public TextReader Input { get; }

    /// <summary>Standard output.</summary>
    public TextWriter Output { get; }

    /// <summary>Standard error.</summary>
    public TextWriter Error { get; }

    /// <summary>Whether standard output is a terminal.</summary>
    public bool IsTerminal { get; }

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; }

    /// <summary>Standard output with tables, and with colour on a terminal.</summary>
    public IAnsiConsole Styled => _styled.Value;

    /// <summary>The process's own streams.</summary>
    public static CommandTerminal ForProcess() => new(
        Console.In, Console.Out, Console.Error, !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is not { Length: > 0 }, TimeProvider.System);

    /// <summary>Writes a value as JSON, for scripts.</summary>
    public void WriteJson<T>(T value) => Output.WriteLine(JsonSerializer.Serialize(value, s_json));

    /// <summary>Writes a table without lines around it.</summary>
    /// <param name="columns">The headings.</param>
    /// <param name="rows">The cells, as plain text.</param>
    public void WriteTable(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        var table = new Table().NoBorder();
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(new Markup($"[bold]{Markup.Escape(column)}[/]")).PadLeft(0).PadRight(2).NoWrap());
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Select(cell => new Text(Printable(cell))));
        }

        Styled.Write(table);
    }

    /// <summary>Writes one line with a mark before it: green, yellow or red on a terminal, a word elsewhere.</summary>
    public void WriteMark(string word, Color colour, string text)
    {
        Styled.Write(new Text(word, new Style(colour)));
        Output.WriteLine($" {Printable(text)}");
    }

    /// <summary>Writes what was weighed for a decision, with an arrow at what settled it.</summary>
    public void WriteLines(IEnumerable<ExplanationLine> lines)
    {
        foreach (var line in lines)
        {
            Output.WriteLine($"  {(line.IsDecisive ? "->" : "  ")} {Printable(line.Text)}");
        }
    }

    /// <summary>Text that can't move the cursor or change colours: names come from people and from tokens.</summary>
    public static string Printable(string text)
        => text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) && c != '\n' ? '\uFFFD' : c)) : text;
}
