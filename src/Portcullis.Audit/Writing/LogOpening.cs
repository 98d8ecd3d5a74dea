using System.Globalization;
using Portcullis.Audit.Files;
using Portcullis.Audit.Lines;

namespace Portcullis.Audit.Writing;

/// <summary>Finds where a node's chain stands, mends what a crash left, and opens the file in which it goes on.</summary>
internal static class LogOpening
{
    public static (Segment Segment, ChainPosition Position, List<string> Findings) Open(LogFolder folder, AuditLogOptions options)
    {
        var findings = new List<string>();
        var names = folder.List();
        var position = ChainPosition.Start;
        Segment? segment = null;
        for (var i = names.Count - 1; i >= 0; i--)
        {
            var tail = Tail.Read(folder.PathOf(names[i]));
            if (tail.TornBytes > 0)
            {
                folder.SetAside(names[i], tail);
                findings.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"torn_line: {tail.TornBytes} bytes at the end of {names[i].FileName} were set aside in {names[i].FileName}{LogFolder.TornExtension}"));
            }

            if (tail.Position is { } found)
            {
                position = found;
                if (i == names.Count - 1 && names[i].Day == folder.Today && tail.Length < options.MaxFileBytes)
                {
                    segment = folder.Continue(names[i], tail.Length);
                }

                break;
            }

            // The crash came between making the file and its first line: the file is made again.
            folder.Delete(names[i]);
            names.RemoveAt(i);
        }

        CheckHead(folder, position, findings);
        return (segment ?? folder.Create(names.Count == 0 ? 1 : names[^1].Number + 1, options.ReserveBytes), position, findings);
    }

    /// <summary>The head was put on the disk after the log: a log that ends before it has lost lines since.</summary>
    private static void CheckHead(LogFolder folder, in ChainPosition position, List<string> findings)
    {
        var head = folder.ReadHead(out var isPresent);
        if (head is not null && head.Count > position.Count)
        {
            findings.Add(string.Create(
                CultureInfo.InvariantCulture, $"lines_missing: the head file counts {head.Count} lines, the log ends after {position.Count}"));
        }
        else if (head is null && (isPresent || position.Count > 0))
        {
            findings.Add(isPresent ? "head_unreadable: the head file could not be read" : "head_missing: there was no head file");
        }
    }
}
