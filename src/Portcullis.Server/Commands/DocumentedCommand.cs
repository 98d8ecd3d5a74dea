using System.CommandLine;

namespace Portcullis.Server.Commands;

/// <summary>A command whose help ends in examples.</summary>
internal sealed class DocumentedCommand(string name, string description, params string[] examples) : Command(name, description)
{
    /// <summary>Command lines to copy, each as it is typed.</summary>
    public IReadOnlyList<string> Examples { get; } = examples;
}
