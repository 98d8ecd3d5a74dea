using System.Globalization;
using Portcullis.Fuzz;
using SharpFuzz;

// usage: <target>|all [--seconds N] [--seed S] | replay | list | <target> --libfuzzer (under libfuzzer-dotnet, with instrumented assemblies)
var command = args.FirstOrDefault() ?? "list";
int Option(string name, int fallback) =>
    Array.IndexOf(args, name) is var at && at >= 0 && at + 1 < args.Length ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : fallback;

switch (command)
{
    case "list":
        foreach (var known in FuzzTargets.All)
        {
            Console.WriteLine(known.Name);
        }

        return 0;
    case "replay":
        var failures = Replay.Run(Corpus.Find());
        foreach (var failure in failures)
        {
            Console.WriteLine(failure);
        }

        return failures.Count == 0 ? 0 : 1;
}

IReadOnlyList<FuzzTarget> targets = command == "all" ? FuzzTargets.All : FuzzTargets.Find(command) is { } found ? [found] : [];
if (targets.Count == 0)
{
    Console.Error.WriteLine($"There is no target '{command}'; 'list' shows them.");
    return 2;
}

if (args.Contains("--libfuzzer"))
{
    Fuzzer.LibFuzzer.Run(input => targets[0].Run(input.ToArray()));
    return 0;
}

var duration = TimeSpan.FromSeconds(Option("--seconds", 60));
var seed = Option("--seed", Random.Shared.Next());
return targets.Count(target => !new FuzzLoop(target, Corpus.Find(), seed).Run(duration, Console.Out)) == 0 ? 0 : 1;
